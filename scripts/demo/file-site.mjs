/** A folder as a site: files with ranges and validators, pages for directories, and a line on the terminal for each request. */
import express from 'express';
import serveIndex from 'serve-index';

/** Columns of the protocol's name. */
const PROTOCOL_COLUMNS = 9;

/**
 * Both parts refuse paths that lead out of the folder, and treat files whose name begins with a dot as if they were not there.
 * Symbolic links are followed: they are the folder's owner's.
 *
 * @param {string} directory
 * @param {(line: string) => void} log
 * @returns {import('express').Express} a (req, res) listener
 */
export function fileSite(directory, log) {
  const site = express();
  site.disable('x-powered-by');
  site.use((request, response, next) => {
    response.once('close', () => log(logLine(request, response)));
    next();
  });
  site.use(express.static(directory, { dotfiles: 'ignore' }));
  site.use(serveIndex(directory, { icons: true }));
  return site;
}

/** @param {import('express').Request} request @param {import('express').Response} response */
function logLine({ httpVersion, method, originalUrl }, { statusCode, writableFinished }) {
  const protocol = `HTTP/${httpVersion.replace(/\.0$/, '')}`.padEnd(PROTOCOL_COLUMNS);
  // What a client sends must not reach the terminal's escape sequences.
  const path = originalUrl.replace(/[^\x21-\x7e]/g, '?');
  return `  ${protocol} ${statusCode} ${method} ${path}${writableFinished ? '' : '  (aborted)'}`;
}
