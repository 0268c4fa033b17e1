// The library's dependency injection (tsyringe) wants Reflect's metadata functions before it is loaded.
import 'reflect-metadata';

export * from '@peculiar/x509';
