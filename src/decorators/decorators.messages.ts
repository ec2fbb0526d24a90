export const NO_INSTANCE_METHOD = (decorator: string, label: string) =>
  `${decorator} is for methods of instances, and ${label} is none: a static method has nothing that Nest could inject.`;

export const NOT_MADE_BY_NEST = (decorator: string, label: string) =>
  `${decorator} on ${label}() needs an instance that Nest has made: have the class injected, as a provider or controller of a module, rather than call \`new\`.`;
