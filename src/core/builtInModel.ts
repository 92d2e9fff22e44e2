/** What a plan file calls the model that comes with this program; a folder of that name is "./built-in". In a file of its own, for who needs no schema. */
export const builtInModel = 'built-in';
