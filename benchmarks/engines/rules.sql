-- Windows Server by physical core and by virtual machine, on 2026-06-30, for hosts that run no Windows
-- themselves: the rules of lmanalytics/rules/demand, written for a database.
WITH params AS (SELECT DATE '2026-06-30' AS as_of, 8 AS per_processor, 16 AS per_server, 2 AS oses_per_set, 8 AS per_ose),
price AS (
    SELECT edition,
        coalesce(min(each) FILTER (purchase_type = 'license'), min(each) FILTER (purchase_type = 'license_and_sa')) AS price,
        min(each) FILTER (purchase_type = 'license_and_sa') AS price_with_sa
    FROM (
        SELECT edition, purchase_type, arg_max(unit_price, valid_from) / pack_size AS each
        FROM prices, params
        WHERE product = 'Windows Server' AND metric = 'core' AND valid_from <= as_of
            AND purchase_type IN ('license', 'license_and_sa')
        GROUP BY edition, purchase_type, program, version, pack_size
    )
    GROUP BY edition
),
snapshots AS (
    SELECT inventory_id, observed_on, lead(observed_on) OVER (PARTITION BY inventory_id ORDER BY observed_on) AS replaced_on
    FROM (SELECT DISTINCT inventory_id, observed_on FROM oses, params WHERE observed_on <= as_of)
),
host_snapshots AS (
    SELECT inventory_id, observed_on, lead(observed_on) OVER (PARTITION BY inventory_id ORDER BY observed_on) AS replaced_on
    FROM (SELECT DISTINCT inventory_id, observed_on FROM hosts, params WHERE observed_on <= as_of)
),
current_hosts AS (
    SELECT host_id, greatest(per_server, physical_cores, processors * per_processor) AS cores
    FROM hosts JOIN host_snapshots USING (inventory_id, observed_on), params
    WHERE replaced_on IS NULL
),
observed AS (
    SELECT oses.*, least(
        coalesce(lead(observed_on) OVER (PARTITION BY ose_id ORDER BY observed_on), DATE '9999-12-31'),
        coalesce(replaced_on, DATE '9999-12-31')
    ) AS valid_until
    FROM oses JOIN snapshots USING (inventory_id, observed_on)
),
counted AS (
    SELECT host_id, observed_on, valid_until, greatest(vcpus, per_ose) AS own_licenses,
        coalesce(starts_with(os_edition, 'Datacenter'), false) AS needs_datacenter
    FROM observed JOIN current_hosts USING (host_id), params
    WHERE NOT is_template AND is_running AND os_product = 'Windows Server'
        AND coalesce(license_source, 'own') NOT IN
            ('license_included', 'spla', 'visual_studio', 'evaluation', 'azure_hybrid_benefit')
),
running AS (
    SELECT host_id, moment, own_licenses, needs_datacenter
    FROM counted JOIN (SELECT DISTINCT host_id, observed_on AS moment FROM counted) USING (host_id)
    WHERE observed_on <= moment AND moment < valid_until
),
peaks AS (
    SELECT host_id, max(guests) AS guests, max(licenses) AS virtual_licenses, bool_or(needs_datacenter) AS needs_datacenter
    FROM (
        SELECT host_id, moment, count(*) AS guests, sum(own_licenses) AS licenses, bool_or(needs_datacenter) AS needs_datacenter
        FROM running GROUP BY host_id, moment
    )
    GROUP BY host_id
),
ranked AS (
    SELECT host_id, count(*) OVER (PARTITION BY host_id, moment) - row_number() OVER w AS taken,
        sum(own_licenses) OVER (w ROWS UNBOUNDED PRECEDING) AS individual
    FROM running
    WINDOW w AS (PARTITION BY host_id, moment ORDER BY own_licenses)
),
curve AS (
    SELECT host_id, taken // oses_per_set AS sets, max(individual) AS individual
    FROM ranked, params
    WHERE taken % oses_per_set = 0 AND taken > 0
    GROUP BY host_id, sets
),
mixed AS (
    SELECT host_id, sets * cores + individual AS licenses, sets * cores * price + individual * price_with_sa AS cost,
        row_number() OVER (
            PARTITION BY host_id
            ORDER BY sets * cores * price + individual * price_with_sa, sets * cores + individual, sets DESC
        ) AS place
    FROM curve JOIN current_hosts USING (host_id), price
    WHERE edition = 'Standard'
),
options AS (
    SELECT host_id, 'standard_physical_cores' AS option, cores * ((guests + oses_per_set - 1) // oses_per_set) AS licenses,
        NOT needs_datacenter AS is_available, licenses * price AS cost
    FROM peaks JOIN current_hosts USING (host_id), params, price WHERE edition = 'Standard'
    UNION ALL
    SELECT host_id, 'datacenter_physical_cores', cores, true, cores * price
    FROM peaks JOIN current_hosts USING (host_id), price WHERE edition = 'Datacenter'
    UNION ALL
    SELECT host_id, 'virtual_cores', virtual_licenses, true, virtual_licenses * price_with_sa
    FROM peaks JOIN price ON edition = CASE WHEN needs_datacenter THEN 'Datacenter' ELSE 'Standard' END
    UNION ALL
    SELECT host_id, 'standard_physical_and_virtual_cores', licenses, NOT needs_datacenter, cost
    FROM mixed JOIN peaks USING (host_id) WHERE place = 1
)
SELECT host_id AS subject_id, option, licenses::BIGINT AS licenses_required, is_available, cost::DECIMAL(38, 4) AS cost
FROM options
ORDER BY subject_id, option
