/** What names a message: a text, or an object, as in Nest's `@MessagePattern()`. */
export type Pattern = string | { readonly [key: string]: string | number | Pattern };
