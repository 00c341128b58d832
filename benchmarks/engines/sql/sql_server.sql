-- SQL Server on each host by virtual machine and by physical core, on 2026-06-30. Which passive copies are free is given.
COPY (
WITH editions (edition, license_edition, level) AS (VALUES ('enterprise', 'Enterprise', 3), ('enterprise core', 'Enterprise', 3),
    ('datacenter', 'Enterprise', 3), ('parallel data warehouse', 'Enterprise', 3), ('business intelligence', 'Enterprise', 3),
    ('standard', 'Standard', 2), ('workgroup', 'Standard', 2), ('small business', 'Standard', 2)),
releases (version, released_on) AS (VALUES ('2005', DATE '2006-01-14'), ('2008', DATE '2008-11-06'), ('2008 R2', DATE '2010-07-20'),
    ('2012', DATE '2012-05-20'), ('2014', DATE '2014-06-05'), ('2016', DATE '2016-06-01'), ('2017', DATE '2017-09-29'),
    ('2019', DATE '2019-11-04'), ('2022', DATE '2022-11-16'), ('2025', DATE '2025-11-18')),
seen AS (
    SELECT *, lead(observed_on) OVER (PARTITION BY install_id ORDER BY observed_on) AS again,
        max(observed_on) OVER (PARTITION BY ose_id) AS last_seen
    FROM read_parquet('$WORK/facts/installs.parquet') WHERE product = 'SQL Server' AND observed_on <= DATE '2026-06-30'
),
running AS (
    SELECT s.ose_id, o.subject_id AS host_id, o.vcpus, max(level) AS level, max(released_on) AS released_on
    FROM seen s
    JOIN editions e ON e.edition = lower(trim(s.edition))
    JOIN read_parquet('$WORK/facts/oses.parquet') o ON o.ose_id = s.ose_id AND o.state = 'current' AND o.reason NOT IN ('template', 'not_running')
    LEFT JOIN releases r ON r.version = s.version
    LEFT JOIN read_parquet('$GIVEN/passive.parquet') p ON p.install_id = s.install_id
    WHERE again IS NULL AND last_seen = s.observed_on AND NOT coalesce(is_evaluation, false)
        AND coalesce(license_source, 'own') NOT IN ('evaluation', 'license_included', 'spla', 'visual_studio')
        AND (p.install_id IS NULL OR NOT is_free)
        AND coalesce(lower(trim(component)), '') NOT IN ('management studio', 'sql server management studio', 'ssms', 'client tools',
            'client tools connectivity', 'client tools sdk', 'client connectivity', 'native client', 'odbc driver', 'ole db driver', 'data tools',
            'ssdt', 'command line utilities', 'books online', 'documentation components', 'sql server browser', 'browser', 'vss writer',
            'setup support files', 'profiler', 'data migration assistant')
    GROUP BY ALL
),
machines AS (
    SELECT CASE WHEN host_id IS NULL THEN 'ose' ELSE 'host' END AS subject_kind, coalesce(host_id, ose_id) AS subject_id,
        CASE level WHEN 3 THEN 'Enterprise' ELSE 'Standard' END AS edition, greatest(vcpus, 4) AS licenses,
        coalesce(released_on >= DATE '2022-11-16', true) AS needs_sa
    FROM running
),
hosts AS (
    SELECT subject_kind, subject_id, count(*) AS oses, CASE WHEN physical_cores IS NOT NULL AND processors IS NOT NULL THEN greatest(physical_cores, 4 * processors) END AS cores
    FROM machines JOIN (SELECT host_id AS subject_id, processors, physical_cores FROM read_parquet('$WORK/facts/hosts.parquet')
    ) USING (subject_id)
    WHERE subject_kind = 'host' GROUP BY ALL
),
options AS (
    SELECT subject_kind, subject_id, 'virtual_cores' AS option, edition, coalesce(sum(licenses) FILTER (NOT needs_sa), 0) AS without_sa,
        coalesce(sum(licenses) FILTER (needs_sa), 0) AS with_sa
    FROM machines GROUP BY ALL
    UNION ALL
    SELECT subject_kind, subject_id, 'enterprise_physical_cores', 'Enterprise', CASE WHEN cores IS NOT NULL THEN greatest(cores, oses) END, 0 FROM hosts
    UNION ALL
    SELECT subject_kind, subject_id, 'enterprise_physical_cores_with_sa', 'Enterprise', 0, cores FROM hosts
)
SELECT subject_kind, subject_id, product, option, edition, (without_sa + with_sa)::BIGINT AS licenses_required, with_sa::BIGINT AS licenses_with_sa,
    (without_sa + with_sa) IS NOT NULL AS is_available,
    (CASE WHEN without_sa = 0 THEN 0 ELSE without_sa * price END + CASE WHEN with_sa = 0 THEN 0 ELSE with_sa * price_with_sa END)::DECIMAL(38, 4) AS cost,
    NULL::BIGINT[] AS curve_steps, NULL::BIGINT[] AS curve_without_sa, NULL::BIGINT[] AS curve_with_sa
FROM options LEFT JOIN price USING (edition)
WHERE product = 'SQL Server'
) TO '$WORK/demand/sql_server.parquet';
