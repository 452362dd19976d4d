SELECT facility, institution_code, encoding, addresses, certificates
FROM inbox_sender
WHERE active
