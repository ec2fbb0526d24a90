export const NO_INSTANCE_METHOD = (decorator: string, label: string) =>
  `${decorator} works on instance methods only, and ${label} is not one. Move the code to an instance method of a provider, because Nest injects nothing into static methods.`;

export const NOT_MADE_BY_NEST = (decorator: string, label: string) =>
  `${decorator} on ${label}() needs an instance that Nest created, so the method did not run. Inject the class as a provider or controller of a module instead of calling \`new\`.`;
