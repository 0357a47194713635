"""The catalogue's new words, where staff have not changed the old ones."""

from hashlib import sha256

from django.db import migrations

# The start of the SHA-256 of each text that the catalogue had before.
BEFORE = frozenset(
    """
    0251d8f8e802 04497c73219b 08d4512a411b 0cbc9ac60b66 16a5e69eeb3d 29ab1f5383f5 2c3d9125bee0
    353fde747505 3b94ad4b7dbb 3f8794c1d685 404ff789f5ac 4fed49a1016d 51e8aa778886 5c2e565a10e8
    5dead60bc9c2 65862f74bf61 71a9cd375f6e 772c00c3e7c8 7a523b1f9f81 7ff3679da981 91e1dbf3644d
    9437ce3acda6 9539237e919f 95f0d489eff3 9f7c680a4b1e a30ade231413 a9d35ae9c3c3 af5569117ed0
    b0e905f7faa8 b666b7c1c4fe b6c151029bff bad04448823e c21b590ff1c7 c5022b23e9ae c6a67f3a8888
    c748c0bd2376 c768ef2a8043 c95751b4b809 cc83eaecd3d2 cd6ee1bca5e0 ce4647c79b88 d1496f5ae6fe
    dce421c8c3cf dec08fe8a720 dfe21a2b03a8 e6f6ecdd8958 e75c063664a1 ec5a61512975 ecfde8c5a48b
    f3692563a587 f39c38dd6df8 f56144df1d82 fe68c6127637
    """.split()
)


def is_unchanged(text):
    return sha256(text.strip().encode()).hexdigest()[:12] in BEFORE


def renew_words(apps, schema_editor):
    from communities import catalogue

    communities = {
        catalogue.slug_of(data): {
            **data,
            "consists_of": data.get("consists_of", catalogue.FAMILIES[data["family"]]["consists_of"]),
        }
        for data in catalogue.COMMUNITIES
    }
    teams = {family: {"name": data["team"]} for family, data in catalogue.FAMILIES.items()}
    passages = {passage["key"]: passage for passage in catalogue.PASSAGES}
    questions = {question["slug"]: question for question in catalogue.QUESTIONS}
    for model, key, fields, words in (
        ("SupportTeam", "family", ["name"], teams),
        (
            "CommunityOfPractice",
            "slug",
            ["short_name", "name", "summary", "who_can_join", "consists_of"],
            communities,
        ),
        ("Passage", "key", ["heading", "text"], passages),
        ("Question", "slug", ["question", "answer"], questions),
    ):
        for row in apps.get_model("communities", model).objects.all():
            new = words.get(getattr(row, key), {})
            changed = [f for f in fields if f in new and is_unchanged(getattr(row, f))]
            for field in changed:
                setattr(row, field, new[field])
            if changed:
                row.save(update_fields=changed)


class Migration(migrations.Migration):
    dependencies = [("communities", "0003_parameters_of_a_rule")]

    operations = [migrations.RunPython(renew_words, migrations.RunPython.noop, elidable=True)]
