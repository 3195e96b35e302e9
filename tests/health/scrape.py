"""/metrics, read as Prometheus reads it."""

from django.http import HttpResponse
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape() -> Samples:
    """Every sample by its name and labels."""
    answer = Client().get("/metrics")
    assert answer.status_code == 200, answer.content
    return samples_of(answer.content.decode())


def samples_of(page: str) -> Samples:
    """Every sample of a page by its name and labels."""
    families = text_string_to_metric_families(page)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """One of the samples; None where there is none."""
    return samples.get((name, tuple(sorted(labels.items()))))


def families_of(answer: HttpResponse) -> dict[str, str]:
    """The kind of each metric by the names of its samples, whether it has any or not."""
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}
    found = {}
    for line in answer.content.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            bare = name.removesuffix("_total") if kind == "counter" else name
            found.update((bare + ending, kind) for ending in endings[kind])
    return found
