/** Worker module that cannot be loaded. */
throw new Error('thrown at import');
