export const NOT_A_SINGLETON = (className: string, methodName: string, scope: string) =>
  `${className}.${methodName}() cannot be called: ${className} is ${scope}, so it has no single instance to call. ` +
  `Make ${className} and everything it injects singletons (scope DEFAULT), or move the handler to another provider.`;

export const NOT_A_METHOD = (decorator: string) => `${decorator}() can decorate methods only.`;

export const DUPLICATE_HANDLER = (first: string, second: string) =>
  `${first} and ${second} handle the same message, and a message has only one handler. Remove one of them.`;

export const NO_RPC_CONTEXT = 'Expected the second argument of a handler to be a BaseRpcContext.';

export const INVALID_PATTERN = (got: string) =>
  `Expected a pattern to be a string, a number or an object, got ${got}.`;

export const HOOK_FAILED = (className: string, method: string) =>
  `${className}.${method}() failed. The group is not affected:`;

export const LEAVING = (id: string) =>
  `Member ${id} is shutting down and starts no more handlers. Nothing was done.`;
