"""Vehicles of fleets and when they leave.

`tenant_id` is the number of the organisation that runs vehicles and stations, as in `stations`.
"""

from django.db import models


class FleetVehicle(models.Model):
    """A vehicle of a tenant's fleet.

    A session is its own by any of the three things that a station may tell: `token` is a card or
    RFID tag, `contract_id` an eMAID, `mac` the address of its charge controller. `target_soc` and
    `min_soc` are shares 0..1 of the battery; `min_soc` is kept whatever is cheap.
    """

    tenant_id = models.BigIntegerField()
    name = models.CharField(max_length=60)
    token = models.CharField(max_length=255, blank=True)
    contract_id = models.CharField(max_length=36, blank=True)
    mac = models.CharField(max_length=20, blank=True)
    capacity_kwh = models.FloatField(null=True, blank=True)
    target_soc = models.FloatField(null=True, blank=True)
    min_soc = models.FloatField(null=True, blank=True)
    may_discharge = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("tenant_id", "name"), name="one_fleet_vehicle"),
            *(
                models.UniqueConstraint(
                    fields=("tenant_id", field), condition=~models.Q(**{field: ""}), name=name
                )
                for field, name in (
                    ("token", "one_vehicle_per_token"),
                    ("contract_id", "one_vehicle_per_contract"),
                    ("mac", "one_vehicle_per_mac"),
                )
            ),
        )

    def __str__(self) -> str:
        return self.name


class UsualDeparture(models.Model):
    """When a vehicle leaves on a day of the week (0 is Monday); `minute` of the local day."""

    vehicle = models.ForeignKey(FleetVehicle, on_delete=models.CASCADE, related_name="usual")
    weekday = models.PositiveSmallIntegerField()
    minute = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("weekday",)
        constraints = (
            models.UniqueConstraint(fields=("vehicle", "weekday"), name="one_usual_departure"),
        )

    def __str__(self) -> str:
        return f"{self.vehicle} {self.weekday} {self.minute}"


class Departure(models.Model):
    """When a vehicle leaves on one day, in place of its usual time, and with how much.

    `target_soc` is a share of its battery, `energy_kwh` what is to be charged; without either the
    vehicle's own target counts. With `stays` it does not leave on the day of `leaves_at`.
    """

    vehicle = models.ForeignKey(FleetVehicle, on_delete=models.CASCADE, related_name="departures")
    leaves_at = models.DateTimeField(db_index=True)
    stays = models.BooleanField(default=False)
    target_soc = models.FloatField(null=True, blank=True)
    energy_kwh = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ("leaves_at",)
        constraints = (
            models.UniqueConstraint(fields=("vehicle", "leaves_at"), name="one_departure"),
        )

    def __str__(self) -> str:
        return f"{self.vehicle} {self.leaves_at:%F %R}"
