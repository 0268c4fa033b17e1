/** Worker module without a listener. */
export const answer = 42;
