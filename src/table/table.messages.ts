import { shown } from '../errors/index.js';
import { ROW_FORMAT } from './row.format.js';

/** Behind the name of a row. */
export const HAS_NEWER_FORMAT = (format: number) =>
  `has format ${format}, and this version of nestjs-hedge reads format ${ROW_FORMAT}.`;

export const UPDATE_FOR_NEWER_ROW =
  'Update this app to the version of nestjs-hedge that wrote the row.';

export const NEWER_ROW_FOUND = (row: string, format: number) =>
  `The lock table has rows of a newer format. For example, ${shown(row)} ${HAS_NEWER_FORMAT(format)} ` +
  `This member leaves such rows as they are, and treats everything that they may hold as held. ${UPDATE_FOR_NEWER_ROW} ` +
  'If you went back to this version on purpose, see "Formats of rows" in docs/store.md.';
