// Loaded before Rendezvous 0.12.0, which reads deployment plans as Clarinet wrote them before 3.21: with a transaction's
// fields under its type, and not beside it.
const yaml = require("yaml");

const parse = yaml.parse;

function nested(transaction) {
  const type = transaction["transaction-type"];
  return type === undefined ? transaction : { [type]: transaction };
}

yaml.parse = (...args) => {
  const read = parse(...args);
  for (const batch of read?.plan?.batches ?? []) batch.transactions = batch.transactions.map(nested);
  return read;
};
