SELECT digest, kind, issuer, person_id, name, sex, birth_date, disputed, provisional
FROM identity_identifierkey
WHERE digest = ANY ($1::bytea[])
