"""The secrets of feeds are kept sealed, which takes more room."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("threats", "0003_webhooks")]
    operations = [
        migrations.AlterField(
            "feed",
            "secret",
            models.CharField(
                blank=True, default="", editable=False, max_length=3000, verbose_name="sealed secret"
            ),
        )
    ]
