"""What the witness keeps, and why a log was ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exchange", "0001_initial")]

    operations = [
        migrations.AddField("logstate", "ended", models.TextField(blank=True, default="")),
        migrations.AddField("partner", "their_cosigned", models.TextField(blank=True, default="")),
    ]
