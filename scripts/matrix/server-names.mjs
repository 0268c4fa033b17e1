/** Names that the matrix's server and its clients agree on. */

/** Its certificate is shown only to clients that name it (SNI), and no resolver knows it. */
export const NAMED_HOST = 'matrix.test';
