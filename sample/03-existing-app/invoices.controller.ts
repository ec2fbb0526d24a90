import { Controller, Get, Param, Post } from '@nestjs/common';
import { Invoices } from './invoices.js';

@Controller('invoices')
export class InvoicesController {
  constructor(private readonly invoices: Invoices) {}

  @Get(':id')
  find(@Param('id') id: string) {
    return this.invoices.find(id);
  }

  @Post(':id/pay')
  pay(@Param('id') id: string) {
    return this.invoices.pay(id);
  }
}
