export const NOT_A_SINGLETON = (className: string, methodName: string, scope: string) =>
  `${className}.${methodName}() cannot be called: ${className} is ${scope}, so there is no one instance to call it on. ` +
  `Make ${className} and what it injects singletons (scope DEFAULT), or move the handler to a provider of its own.`;

export const NOT_A_METHOD = (decorator: string) => `${decorator}() decorates methods.`;

export const DUPLICATE_HANDLER = (one: string, other: string) =>
  `${one} and ${other} name the same message: a message has one handler. Remove one.`;

export const NO_RPC_CONTEXT =
  'Expected a handler to be called with a BaseRpcContext as its second argument.';

export const INVALID_PATTERN = (got: string) =>
  `Expected a pattern to be a string, a number or an object, got ${got}.`;

export const HOOK_FAILED = (className: string, method: string) =>
  `${className}.${method}() failed; the group is not affected:`;

export const LEAVING = (id: string) =>
  `Member ${id} is closing and starts no more handlers. Nothing was done.`;
