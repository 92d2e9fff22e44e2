/** From when on the load generator counts as late; apart from load.ts so that a page may say it. */

/** A request of an open loop that goes out this much after it was due, with room for it, was sent late by the generator. */
export const lateSendMs = 10;
/** An event loop that comes round later than this after the last time stood still for what is beyond it. */
export const longestLoopMs = 20;
