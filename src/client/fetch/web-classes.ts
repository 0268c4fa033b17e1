/** The Fetch standard's classes as this package's `fetch` uses them: undici's. */
export { FormData, Headers, Request, type RequestInit, Response, type ResponseInit } from 'undici';
