-- The cheapest open option of each host or machine by list price, then what is owned against what those options require.
CREATE VIEW demand AS FROM read_parquet('$WORK/demand/*.parquet');
COPY (
WITH ways AS (
    SELECT subject_kind, subject_id, product, option, sum(cost) AS cost, sum(licenses_required) AS licenses
    FROM demand GROUP BY ALL HAVING bool_and(is_available) AND bool_and(cost IS NOT NULL)
),
chosen AS (
    SELECT * FROM ways
    QUALIFY row_number() OVER (PARTITION BY subject_kind, subject_id, product ORDER BY cost, licenses, option) = 1
),
required AS (
    SELECT product, edition, 'core' AS metric, sum(licenses_required)::BIGINT AS required
    FROM chosen JOIN demand USING (subject_kind, subject_id, product, option) GROUP BY ALL
),
owned AS (SELECT product, edition, metric, sum(quantity)::BIGINT AS owned FROM read_parquet('$GIVEN/owned.parquet') GROUP BY ALL)
SELECT product, edition, metric, coalesce(owned, 0) AS owned, coalesce(required, 0) AS required,
    greatest(coalesce(required, 0) - coalesce(owned, 0), 0) AS short
FROM required FULL JOIN owned USING (product, edition, metric)
) TO '$WORK/position/position.parquet';
