export { parseErrorBody as parseError } from '../failures/error-body.js';
