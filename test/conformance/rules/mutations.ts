import type { Mutation } from '../../../src/store/index.js';

export function lock(name: string, writer = 'writer'): Mutation {
  return { table: 'lock', op: 'insert', name, writer };
}

export function update(name: string, writer = 'updated'): Mutation {
  return { table: 'lock', op: 'update', name, writer };
}

export function remove(name: string): Mutation {
  return { table: 'lock', op: 'delete', name };
}

export function entry(key: string, id: string, value = 'value') {
  return { table: 'log', op: 'insert', key, id, value, leader: 'leader' } as const;
}
