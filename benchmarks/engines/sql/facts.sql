-- What each host and machine of a vCenter is on 2026-06-30, and in which machine each install runs.
CREATE VIEW hosts AS FROM read_parquet('$WORK/accepted/hosts.parquet');
CREATE VIEW oses AS FROM read_parquet('$WORK/accepted/oses.parquet');

CREATE TABLE current_hosts AS
WITH snapshots AS (
    SELECT inventory_id, observed_on, lead(observed_on) OVER (PARTITION BY inventory_id ORDER BY observed_on) AS replaced_on
    FROM (SELECT DISTINCT inventory_id, observed_on FROM hosts WHERE inventory_id IS NOT NULL AND observed_on <= DATE '2026-06-30')
)
SELECT host_id, cluster_id, inventory_id, observed_on, processors, physical_cores,
    CASE WHEN processors IS NOT NULL AND physical_cores IS NOT NULL THEN greatest(physical_cores, processors * 8) END AS cores_of_processors
FROM hosts JOIN snapshots USING (inventory_id, observed_on)
WHERE replaced_on IS NULL
QUALIFY lead(observed_on) OVER (PARTITION BY host_id ORDER BY observed_on) IS NULL;
COPY current_hosts TO '$WORK/facts/hosts.parquet';

COPY (
    WITH snapshots AS (
        SELECT inventory_id, observed_on, lead(observed_on) OVER (PARTITION BY inventory_id ORDER BY observed_on) AS replaced_on
        FROM (SELECT DISTINCT inventory_id, observed_on FROM oses WHERE inventory_id IS NOT NULL AND observed_on <= DATE '2026-06-30')
    ),
    known AS (
        SELECT o.*, least(lead(o.observed_on) OVER (PARTITION BY o.ose_id ORDER BY o.observed_on), replaced_on) AS valid_until,
            h.host_id AS subject_id, starts_with(coalesce(os_edition, 'Standard'), 'Datacenter') AND os_product = 'Windows Server' AS needs_datacenter
        FROM oses o JOIN snapshots s USING (inventory_id, observed_on) LEFT JOIN current_hosts h USING (host_id)
    ),
    judged AS (
        SELECT *, CASE
            WHEN is_template THEN 'template' WHEN NOT is_running THEN 'not_running' WHEN os_product IS NULL THEN 'os_unknown'
            WHEN os_product <> 'Windows Server' THEN 'not_windows_server' WHEN license_source = 'evaluation' THEN 'evaluation'
            WHEN subject_id IS NULL THEN 'host_unknown' ELSE 'counted' END AS on_its_day
        FROM known
    )
    SELECT ose_id, observed_on, name, host_id, cluster_id, inventory_id, vcpus, environment, os_version, needs_datacenter, subject_id, valid_until,
        CASE WHEN valid_until IS NULL THEN 'current' ELSE 'earlier' END AS state,
        CASE WHEN valid_until IS NULL THEN on_its_day ELSE 'superseded' END AS reason,
        CASE WHEN valid_until IS NOT NULL THEN 'superseded' WHEN on_its_day = 'counted' THEN 'counted'
            WHEN on_its_day IN ('os_unknown', 'host_unknown') THEN 'not_computable' ELSE 'excluded' END AS outcome,
        on_its_day = 'counted' AS is_load
    FROM judged
) TO '$WORK/facts/oses.parquet';

-- An inventory calls machines by id, by name, or by the first label of the name: the one machine that bears it.
COPY (
    WITH keys AS (
        SELECT DISTINCT lower(ose_id) AS key, ose_id AS id, 0 AS rank FROM oses
        UNION ALL SELECT DISTINCT lower(name), ose_id, 1 FROM oses WHERE name IS NOT NULL
        UNION ALL SELECT DISTINCT lower(split_part(name, '.', 1)), ose_id, 2 FROM oses WHERE name IS NOT NULL
    ),
    by_rank AS (SELECT key, rank, min(id) AS low, max(id) AS high FROM keys GROUP BY key, rank),
    book AS (SELECT key, arg_min(low, rank) AS id FROM by_rank GROUP BY key HAVING arg_min(low, rank) = arg_min(high, rank))
    SELECT i.* REPLACE (coalesce(b.id, i.ose_id) AS ose_id)
    FROM read_parquet('$WORK/accepted/installs.parquet') i LEFT JOIN book b ON b.key = lower(i.ose_id)
) TO '$WORK/facts/installs.parquet';
