#include <cito.h>

CITO_APP(app);

CITO_PUT(app, "/items/{item_id}")
CITO_ASYNC_DEF(any, read_items,
    (uuid,      item_id),
    (datetime,  start_datetime, body),
    (datetime,  end_datetime,   body),
    (timedelta, process_after,  body),
    (opt(time), repeat_at,      body))
{
    cito_datetime start_process = cito_datetime_add(start_datetime, process_after);
    cito_timedelta duration = cito_datetime_subtract(end_datetime, start_process);
    return cito_object("item_id", item_id, "start_datetime", start_datetime, "end_datetime", end_datetime, "process_after", process_after,
        "repeat_at", repeat_at, "start_process", start_process, "duration", duration);
}

CITO_MAIN(app)
