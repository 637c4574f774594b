"""The appliance. A reading goes through these steps, from top to bottom:

    collect.py      1  drivers -> readings, into the journal             task
    validation.py   2  reading, history -> accepted or suspect           pure
    store/          3  SQLite: core.db, portal.db, their schemas
    block.py        4  readings of a day -> Block; Blocks -> Batch       pure
    split.py        4  a shared meter's usage -> each slot's part        pure
    close.py        4  closes blocks that are over                       task
    evidence.py     5  what stands behind a batch: salted Merkle leaves  pure
    money.py        5  amounts                                          pure
    settlement.py   5  bill, balance, arrears -> what a period leaves   pure
    position.py     5  what opens bill, balance and arrears on chain    pure
    bill.py         5  usage, tariff -> bill in steps                   pure
    credit.py       5  payments, sales -> the next batch of credits     pure
    ballot.py       5  choices -> a zone's vector of ballots            pure
    dispute.py      5  a dispute -> what the operator has to do         pure
    beside.py       5  calls beside metering and money                  pure
    sale.py         5  an agent's float -> what it may still sell       pure
    period.py       5  a period's end -> the calls that it takes        pure
    proof.py        6  Block, Batch -> commitments, opening, range proof pure
    bill_proof.py   6  usage of a period -> bills and their proofs      pure
    money_proof.py  6  credits, settlements -> their proofs             pure
    ballot_proof.py 6  ballots -> proofs that they are ballots          pure
    worker.py       6  the process in which proofs are made
    prove.py        6  runs proof in a worker process                    task
    billing.py      6  ended periods -> bills and their calls
    books.py        6  changes of balances -> what opens them
    accounts.py     6  payments, bills -> credits and settlements
    leaving.py      6  homes that leave -> payouts and free slots       task
    sealed.py       6  whether totals are opened, alone or together     task
    settle.py       6  plans and prepares all of these                  task
    sales.py        6  agents' floats and requests -> receipts          task
    mend.py         6  credits that a float does not cover -> others    task
    polls.py        6  proposals -> ballots, tallies and their calls    task
    call.py         7  proven Batch -> contract call                     pure
    calls/          7  proven bills, money, votes -> contract calls     pure
    delivery.py     8  the life of a signed transaction                  pure
    ledger.py       8  a zone's money in double entry                   pure
    receipt.py      8  numbered receipts                                pure
    uplink/         9  drives deliveries over a link                     task
    ask.py             what the contracts answer
    effect.py          whether a call took effect, or is waited for
    chain/             the Stacks wire format, and a node over HTTP
    answer.py      10  disputes on chain -> store, and answers to them  task
    claims.py      10  payers' claims on chain -> answers to them       task
    contests.py    10  contested ballots -> answers to them             task
    follow.py      10  chain -> store: reads batches back and compares   task
    projection.py  11  store -> portal.db, what residents may see        task

Around them:

    config.py          one TOML file -> one frozen tree
    table.py           a TOML table, and what is wrong in it
    clock.py           time as an argument
    keys.py            secrets: derived, sealed at rest
    app.py             opens everything, then one TaskGroup in the order above
    founding.py        once per settlement: deploys, bootstraps, registers
    resident.py        a dwelling proves its own usage,
    resident_money.py  claims its reward, disputes a bill
    audit/             judges a settlement from the chain alone
    bench/             measured figures
    cli/               one module per command
"""
