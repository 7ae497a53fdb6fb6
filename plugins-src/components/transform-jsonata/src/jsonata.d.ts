declare module 'jsonata/jsonata.min.js' {
  export { default } from 'jsonata';
}
