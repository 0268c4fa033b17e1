/** Errors of (req, res) code, with the codes that node:http gives them. */
import { h3ErrorName, ResponseError } from '../../errors.js';

export function headersSentError(action: string): ResponseError {
  return new ResponseError('ERR_HTTP_HEADERS_SENT', `Cannot ${action} headers after they are sent to the client`);
}

export function invalidStatusError(status: unknown): ResponseError {
  return new ResponseError('ERR_HTTP_INVALID_STATUS_CODE', `Invalid status code: ${String(status)}`);
}

export function invalidArgumentTypeError(name: string, expected: string): ResponseError {
  return new ResponseError('ERR_INVALID_ARG_TYPE', `${name} must be ${expected}`);
}

export function invalidArgumentValueError(name: string, reason: string): ResponseError {
  return new ResponseError('ERR_INVALID_ARG_VALUE', `${name} ${reason}`);
}

export function writeAfterEndError(): ResponseError {
  return new ResponseError('ERR_STREAM_WRITE_AFTER_END', 'write after end');
}

export function alreadyFinishedError(): ResponseError {
  return new ResponseError('ERR_STREAM_ALREADY_FINISHED', 'Cannot call end after a stream was finished');
}

export function destroyedError(): ResponseError {
  return new ResponseError('ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed');
}

/** The client went away before its request was complete; `errorCode` is the stream's. */
export function abortedError(errorCode: number | undefined): ResponseError {
  return new ResponseError('ECONNRESET', 'aborted', {
    errorCode,
    errorName: errorCode === undefined ? undefined : h3ErrorName(errorCode),
  });
}
