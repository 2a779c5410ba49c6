// The bundler makes one stylesheet of all that are imported; to TypeScript they are nothing.
declare module "*.css";
