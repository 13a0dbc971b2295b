# Two indexes for each partner: what is urgent overtakes the rest. Heartbeats for the watchdog.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('exchange', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('part', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AlterModelOptions(
            name='delivery',
            options={'ordering': ['-urgent', 'position']},
        ),
        migrations.RemoveConstraint(
            model_name='delivery',
            name='one_delivery_per_position',
        ),
        migrations.RemoveConstraint(
            model_name='refusal',
            name='one_refusal_per_message',
        ),
        migrations.AddField(
            model_name='delivery',
            name='urgent',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='partner',
            name='last_round',
            field=models.DateTimeField(blank=True, null=True, verbose_name='last complete round'),
        ),
        migrations.AddField(
            model_name='partner',
            name='urgent_chain',
            field=models.BinaryField(default=b'(Pl3o\xdb\xa8\x92\x88\xef\x0f\x05\x83\x9b\xdf\x89\x1bK$\xc8\xb0{\xd9\xdd&\xeb\xa3\xff\xd2L\xeb\xef'),
        ),
        migrations.AddField(
            model_name='partner',
            name='urgent_delivered',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='partner',
            name='urgent_position',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='partner',
            name='urgent_receipted',
            field=models.PositiveBigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='record',
            name='urgent',
            field=models.BooleanField(default=False, verbose_name='urgent'),
        ),
        migrations.AddField(
            model_name='refusal',
            name='urgent',
            field=models.BooleanField(default=False, verbose_name='urgent'),
        ),
        migrations.AlterField(
            model_name='record',
            name='withdraws_id',
            field=models.UUIDField(blank=True, db_index=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.UniqueConstraint(fields=('partner', 'urgent', 'position'), name='one_delivery_per_position'),
        ),
        migrations.AddConstraint(
            model_name='refusal',
            constraint=models.UniqueConstraint(fields=('partner', 'urgent', 'position', 'digest'), name='one_refusal_per_message'),
        ),
    ]
