// `npm run receipt:verify -- receipt.json [--keys <address or file>]`
await import('./dist/verify-command.js');
