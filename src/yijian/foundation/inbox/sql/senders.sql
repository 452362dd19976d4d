SELECT facility, institution_code, encoding, addresses
FROM inbox_sender
WHERE active
