// Preloaded into a load worker: its wall clock is set by CLOCK_JUMP_MS when the process gets SIGUSR2, as anybody may set a clock.
'use strict';
const { isMainThread } = require('node:worker_threads');

const realNow = Date.now;
let offsetMs = 0;
Date.now = () => realNow() + offsetMs;
if (isMainThread)
  process.on('SIGUSR2', () => {
    offsetMs += Number(process.env.CLOCK_JUMP_MS);
  });
