import type { Attributes } from '@opentelemetry/api';
import { HedgeError } from '../errors/index.js';
import type { ReportingMember } from '../hedge.channels.js';

export const KIND = 'hedge.message.kind';
export const PATTERN = 'hedge.pattern';
const ERROR_TYPE = 'error.type';

export function memberAttributes({ group, id }: Pick<ReportingMember, 'group' | 'id'>): Attributes {
  return { 'hedge.group': group, 'hedge.member.id': id };
}

/** The code of our errors and the class of others: few enough for an attribute. Undefined without an error. */
export function errorAttributes(error: unknown): Attributes {
  if (error === undefined) return {};
  if (error instanceof HedgeError) return { [ERROR_TYPE]: error.code };
  return { [ERROR_TYPE]: error instanceof Error ? error.constructor.name : '_OTHER' };
}
