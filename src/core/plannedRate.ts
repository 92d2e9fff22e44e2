/**
 * Why RPS of an open loop has no verdict; a clause. All send by one schedule there, so that rates differ only by what was in
 * flight at the end: errors and requests that could not be sent make a phase invalid long before they show in it.
 */
export const plannedRate = 'the plan set the rate';
