import { Injectable } from '@nestjs/common';
import { WithLock } from 'nestjs-hedge'; // hedge

export interface Invoice {
  id: string;
  paid: boolean;
  reminders: number;
}

/** Stands for a table that all replicas share. */
@Injectable()
export class Invoices {
  readonly #all = new Map<string, Invoice>();

  find(id: string): Invoice {
    const invoice = this.#all.get(id) ?? { id, paid: false, reminders: 0 };
    this.#all.set(id, invoice);
    return invoice;
  }

  /** Reads, asks the bank, writes: two of them at once would both see it unpaid. */
  @WithLock((id: string) => `invoice-${id}`) // hedge
  async pay(id: string): Promise<'paid' | 'was paid before'> {
    const invoice = this.find(id);
    if (invoice.paid) return 'was paid before';
    await this.askTheBank();
    invoice.paid = true;
    return 'paid';
  }

  async remindAll(): Promise<void> {
    for (const invoice of this.#all.values()) if (!invoice.paid) invoice.reminders += 1;
  }

  private async askTheBank(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
