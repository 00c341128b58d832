-- Windows Server by physical core and by virtual machine, on 2026-06-30, for hosts that run no Windows
-- themselves: the rules of lmanalytics/rules/demand, written for a database.
CREATE TABLE price AS
SELECT product, edition,
    coalesce(min(each) FILTER (purchase_type = 'license'), min(each) FILTER (purchase_type = 'license_and_sa')) AS price,
    min(each) FILTER (purchase_type = 'license_and_sa') AS price_with_sa
FROM (
    SELECT product, edition, purchase_type, arg_max(unit_price::DECIMAL(18, 4), valid_from::DATE) / any_value(pack_size::INT) AS each
    FROM read_csv('$EXPORTS/prices.csv', all_varchar = true, header = true)
    WHERE product IN ('Windows Server', 'SQL Server') AND metric = 'core' AND valid_from::DATE <= DATE '2026-06-30'
        AND purchase_type IN ('license', 'license_and_sa')
    GROUP BY product, edition, purchase_type, program, version, pack_size
)
GROUP BY product, edition;
CREATE VIEW current_hosts AS SELECT host_id, cores_of_processors AS physical FROM read_parquet('$WORK/facts/hosts.parquet');

COPY (
WITH params AS (SELECT 16 AS per_server, 2 AS oses_per_set, 8 AS per_ose),
counted AS (
    SELECT subject_id AS host_id, observed_on, coalesce(valid_until, DATE '9999-12-31') AS valid_until, greatest(vcpus, per_ose) AS own_licenses, needs_datacenter
    FROM read_parquet('$WORK/facts/oses.parquet'), params
    WHERE is_load
),
cores AS (SELECT host_id, greatest(per_server, physical) AS cores, physical IS NOT NULL AS is_sized FROM current_hosts, params),
running AS (
    SELECT host_id, moment, own_licenses, needs_datacenter
    FROM counted JOIN (SELECT DISTINCT host_id, observed_on AS moment FROM counted) USING (host_id)
    WHERE observed_on <= moment AND moment < valid_until
),
moments AS (
    SELECT host_id, moment, count(*) AS guests, sum(own_licenses) AS licenses,
        count(*) FILTER (needs_datacenter) AS datacenter_guests,
        coalesce(sum(own_licenses) FILTER (needs_datacenter), 0) AS datacenter_licenses
    FROM running GROUP BY host_id, moment
),
peaks AS (
    SELECT host_id, max(guests) AS guests, max(licenses) AS virtual_licenses, max(datacenter_licenses) AS datacenter_licenses,
        max(datacenter_guests) > 0 AS needs_datacenter, CASE WHEN is_sized THEN cores END AS cores, is_sized, cores * ((max(guests) + oses_per_set - 1) // oses_per_set) AS all_sets
    FROM moments JOIN cores USING (host_id), params
    GROUP BY host_id, cores, is_sized, oses_per_set
),
-- No set of Standard takes an OSE that needs Datacenter, so those are the last ones left; before them the smallest.
ranked AS (
    SELECT host_id, count(*) OVER p - row_number() OVER w AS taken, needs_datacenter,
        sum(own_licenses) OVER (w ROWS UNBOUNDED PRECEDING) AS individual
    FROM running
    WINDOW p AS (PARTITION BY host_id, moment), w AS (p ORDER BY needs_datacenter DESC, own_licenses)
),
curve AS (
    SELECT host_id, sets, max(individual) AS individual
    FROM (
        SELECT host_id, taken // oses_per_set AS sets, individual
        FROM ranked, params
        WHERE taken % oses_per_set = 0 AND NOT needs_datacenter
        UNION ALL
        SELECT host_id, (guests - datacenter_guests + oses_per_set - 1) // oses_per_set, datacenter_licenses
        FROM moments, params
    )
    GROUP BY host_id, sets
),
points AS (
    SELECT host_id, sets, sets * cores AS without_sa, greatest(individual, datacenter_licenses) - datacenter_licenses AS with_sa,
        without_sa + with_sa AS licenses, without_sa * price + with_sa * price_with_sa AS cost,
        CASE WHEN NOT needs_datacenter THEN all_sets END AS licenses_of_sets_alone
    FROM curve JOIN peaks USING (host_id), price
    WHERE product = 'Windows Server' AND edition = 'Standard' AND is_sized AND sets > 0 AND greatest(individual, datacenter_licenses) > 0
),
placed AS (
    SELECT *, row_number() OVER (PARTITION BY host_id ORDER BY cost, licenses, sets DESC) AS place,
        lag(with_sa) OVER (PARTITION BY host_id ORDER BY sets) AS with_sa_before,
        least(licenses_of_sets_alone, min(licenses) OVER (PARTITION BY host_id ORDER BY sets ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING))
            AS fewest
    FROM points
),
-- A point is of no use where more sets need no more licenses, or fewer sets no more with Software Assurance.
mixed AS (
    SELECT host_id, first(without_sa) FILTER (place = 1) AS without_sa, first(with_sa) FILTER (place = 1) AS with_sa,
        list(sets ORDER BY sets) FILTER (is_kept) AS steps,
        list(without_sa ORDER BY sets) FILTER (is_kept) AS steps_without_sa,
        list(with_sa ORDER BY sets) FILTER (is_kept) AS steps_with_sa
    FROM (SELECT *, coalesce(licenses < fewest, true) AND coalesce(with_sa < with_sa_before, true) AS is_kept FROM placed)
    GROUP BY host_id
),
options AS (
    SELECT host_id, 'standard_physical_cores' AS option, 'Standard' AS edition, CASE WHEN is_sized THEN all_sets END AS without_sa, 0 AS with_sa,
        is_sized AND NOT needs_datacenter AS is_available, NULL AS steps, NULL AS steps_without_sa, NULL AS steps_with_sa
    FROM peaks
    UNION ALL
    SELECT host_id, 'datacenter_physical_cores', 'Datacenter', cores, 0, is_sized, NULL, NULL, NULL FROM peaks
    UNION ALL
    SELECT host_id, 'virtual_cores', 'Standard', 0, virtual_licenses - datacenter_licenses, is_sized, NULL, NULL, NULL
    FROM peaks WHERE virtual_licenses > datacenter_licenses
    UNION ALL
    SELECT host_id, 'virtual_cores', 'Datacenter', 0, datacenter_licenses, is_sized, NULL, NULL, NULL
    FROM peaks WHERE needs_datacenter
    UNION ALL
    SELECT host_id, 'standard_physical_and_virtual_cores', 'Standard', without_sa, with_sa, true, steps, steps_without_sa, steps_with_sa
    FROM mixed
    UNION ALL
    SELECT host_id, 'standard_physical_and_virtual_cores', 'Datacenter', 0, datacenter_licenses, true, steps,
        list_transform(steps, lambda step: 0), list_transform(steps, lambda step: datacenter_licenses)
    FROM mixed JOIN peaks USING (host_id) WHERE needs_datacenter
)
SELECT 'host' AS subject_kind, host_id AS subject_id, product, option, edition, (without_sa + with_sa)::BIGINT AS licenses_required,
    with_sa::BIGINT AS licenses_with_sa, is_available, (without_sa * price + with_sa * price_with_sa)::DECIMAL(38, 4) AS cost,
    steps::BIGINT[] AS curve_steps, steps_without_sa::BIGINT[] AS curve_without_sa, steps_with_sa::BIGINT[] AS curve_with_sa
FROM options JOIN price USING (edition)
WHERE product = 'Windows Server'
) TO '$WORK/demand/windows_server.parquet';
