/** The door of storage: history in ClickHouse, written from the logs and asked by the dashboard. */
export { createHistory, type HistoryOptions } from './history/history.js';
export { type Storage, type StorageOptions, startStorage } from './storage.js';
