"""The appliance. A reading goes through these steps, from top to bottom:

    collect.py      1  drivers -> readings, into the journal             task
    validation.py   2  reading, history -> accepted or suspect           pure
    store/          3  SQLite: core.db, portal.db, their schemas
    block.py        4  readings of a day -> Block; Blocks -> Batch       pure
    close.py        4  closes blocks that are over                       task
    evidence.py     5  what stands behind a batch: salted Merkle leaves  pure
    proof.py        6  Block, Batch -> commitments, opening, range proof pure
    prove.py        6  runs proof in a worker process                    task
    call.py         7  proven Batch -> contract call                     pure
    delivery.py     8  the life of a signed transaction                  pure
    uplink/         9  drives deliveries over a link                     task
    chain/             the Stacks wire format, and a node over HTTP
    follow.py      10  chain -> store: reads batches back and compares   task
    projection.py  11  store -> portal.db, what residents may see        task

Around them:

    config.py          one TOML file -> one frozen tree
    clock.py           time as an argument
    keys.py            secrets: derived, sealed at rest
    app.py             opens everything, then one TaskGroup in the order above
    founding.py        once per settlement: deploys, bootstraps, registers
    audit/             judges a settlement from the chain alone
    bench/             measured figures
    cli/               one module per command
"""
