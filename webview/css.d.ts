/** Style sheets that an entry point names; the bundler puts them into a file of their own. */
declare module '*.css';
