"""The words of which names and addresses are made. All people are invented; places are real, streets are not."""

from __future__ import annotations

from typing import Final, NamedTuple


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES: Final = _words(
    "Aaron Abigail Adrian Alice Amara Andre Angela Anita Anton Arthur Beatriz Benjamin Bianca Brandon Camila "
    "Carlos Caroline Cedric Chloe Clara Daniel Darius Deborah Diego Dorothy Edwin Elena Elijah Emily Erik Esther "
    "Fatima Felix Fiona Gabriel Grace Hannah Harold Hassan Helen Ibrahim Ines Isaac Ivy Jamal Janet Jasmine Joel "
    "Jonas Julia Karen Keisha Kevin Lars Laura Leah Leo Lillian Lucas Malik Marcus Maria Martin Maya Megan Miguel "
    "Min Mohammed Nadia Naomi Natalie Nathan Nina Noah Nora Oliver Omar Oscar Paige Patrick Priya Quentin Rachel "
    "Rafael Rebecca Robert Rosa Ruth Samuel Sandra Sofia Stella Steven Tara Theo Thomas Uma Valerie Victor Wei "
    "Wendy William Yusuf Zoe"
)

LAST_NAMES: Final = _words(
    "Abbott Acosta Adeyemi Alvarez Anderson Armstrong Bailey Baker Banerjee Barnes Becker Bennett Bishop Bowen "
    "Brooks Bryant Burke Calloway Campbell Carlson Carter Castillo Chambers Chen Choi Cohen Coleman Contreras "
    "Crawford Cruz Dalton Davenport Delgado Dixon Donovan Dunn Eastman Ellison Espinoza Evans Farrell Fischer "
    "Fleming Foster Franklin Fuentes Gallagher Garcia Gibson Goldberg Gonzalez Graham Greene Gupta Haddad Hale "
    "Hamilton Hansen Harper Hayes Henderson Hoffman Holloway Ibarra Ingram Jackson Jensen Johnson Kaplan Keller "
    "Kelly Khan Kim Kowalski Lambert Larson Lindgren Lopez Lowe Mackenzie Maldonado Marsh Mason Mendoza Meyer "
    "Mitchell Morales Nakamura Navarro Nguyen Norris Novak Oakley Okafor Olsen Ortega Osborne Park Patel Pearson "
    "Pham Quinn Ramirez Reyes Rhodes Rivera Rossi Sanders Schmidt Shah Silva Sinclair Stone Sullivan Tanaka "
    "Torres Tran Turner Underwood Vargas Vaughn Wagner Walsh Watanabe Whitfield Wong Yamada Young Zimmerman"
)

STREET_NAMES: Final = _words(
    "Alder Amberly Aspen Bayberry Beacon Birchwood Bluebird Bramble Briar Brookside Canterbury Cedar Chestnut "
    "Clearwater Clover Coventry Cypress Dogwood Eastgate Elderberry Fairhaven Falcon Fernwood Foxglove Garnet "
    "Glenwood Greenbriar Harvest Hawthorn Hazel Heather Heron Hickory Hollow Ironwood Juniper Kestrel Kingsley "
    "Lakeview Larkspur Laurel Lavender Linden Magnolia Maple Meadow Millstone Mulberry Oakmont Orchard Osprey "
    "Pebble Pine Poplar Primrose Quail Ridgeline Rosewood Saddle Sagebrush Sandpiper Sequoia Silver Spruce "
    "Stonebridge Summit Sycamore Tamarack Thistle Timber Valley Walnut Westbrook Whisper Wildflower Willow "
    "Windmill Wren Yarrow"
)

STREET_KINDS: Final = ("Street", "Avenue", "Drive", "Lane", "Court", "Road", "Way", "Place", "Circle", "Terrace")

PROPERTY_TYPES: Final = {
    "single_family": 0.68,
    "condominium": 0.14,
    "townhouse": 0.10,
    "two_to_four_family": 0.05,
    "manufactured": 0.03,
}


class Place(NamedTuple):
    """A city with the first three digits of its postal codes and the FIPS code of its county."""

    city: str
    state: str
    zip3: str
    county_fips: str


PLACES: Final = tuple(
    Place(*line.split(","))
    for line in """\
Los Angeles,CA,900,06037
San Diego,CA,921,06073
Anaheim,CA,928,06059
Sacramento,CA,958,06067
Fresno,CA,937,06019
Chicago,IL,606,17031
Houston,TX,770,48201
Dallas,TX,752,48113
Fort Worth,TX,761,48439
San Antonio,TX,782,48029
Austin,TX,787,48453
El Paso,TX,799,48141
Phoenix,AZ,850,04013
Tucson,AZ,857,04019
Miami,FL,331,12086
Orlando,FL,328,12095
Tampa,FL,336,12057
Jacksonville,FL,322,12031
Atlanta,GA,303,13121
Charlotte,NC,282,37119
Raleigh,NC,276,37183
Columbus,OH,432,39049
Cleveland,OH,441,39035
Cincinnati,OH,452,39061
Detroit,MI,482,26163
Indianapolis,IN,462,18097
Milwaukee,WI,532,55079
Minneapolis,MN,554,27053
Des Moines,IA,503,19153
Omaha,NE,681,31055
Kansas City,MO,641,29095
Wichita,KS,672,20173
Oklahoma City,OK,731,40109
Little Rock,AR,722,05119
Memphis,TN,381,47157
Nashville,TN,372,47037
Louisville,KY,402,21111
Birmingham,AL,352,01073
Jackson,MS,392,28049
New Orleans,LA,701,22071
Charleston,SC,294,45019
Richmond,VA,232,51760
Baltimore,MD,212,24510
Washington,DC,200,11001
Philadelphia,PA,191,42101
Pittsburgh,PA,152,42003
Newark,NJ,071,34013
Brooklyn,NY,112,36047
Buffalo,NY,142,36029
Boston,MA,021,25025
Providence,RI,029,44007
Denver,CO,802,08031
Salt Lake City,UT,841,49035
Boise,ID,837,16001
Las Vegas,NV,891,32003
Albuquerque,NM,871,35001
Seattle,WA,981,53033
Portland,OR,972,41051
Honolulu,HI,968,15003
Anchorage,AK,995,02020""".splitlines()
)
