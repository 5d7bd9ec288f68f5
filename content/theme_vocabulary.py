"""The themes an editor would name, each with sentences that describe a story of it.

The sentences are what a synopsis is compared with: they are worded like synopses, one aspect each.
Sources of the vocabulary: the recurring themes of film guides and library subject headings,
reduced to those that a short synopsis shows.
"""

THEMES: dict[str, tuple[str, ...]] = {
    "friendship": (
        "Loyal friends stand by each other through every trouble.",
        "An unlikely friendship grows between two very different companions.",
        "A group of best friends share their adventures and secrets.",
    ),
    "romance": (
        "Two people fall in love and hope to marry.",
        "A couple courts, quarrels and finally kisses.",
        "A shy suitor wins the heart of the woman he adores.",
    ),
    "forbidden love": (
        "Two lovers are kept apart by their families or by society.",
        "A secret love affair across the border of class or clan ends badly.",
        "They may not love each other, but meet in secret.",
    ),
    "adultery and jealousy": (
        "A married woman has an affair and deceives her husband.",
        "A jealous husband suspects his wife of being unfaithful.",
        "Jealousy poisons a marriage and destroys a love.",
    ),
    "family": (
        "Parents and children learn what they mean to each other.",
        "Brothers and sisters of a household grow up together in hard times.",
        "A father and his estranged child are reconciled.",
    ),
    "marriage and society": (
        "Well-mannered families try to find good husbands for their daughters.",
        "A comedy of manners about class, money and marriage in polite society.",
        "A young lady is expected to marry for rank and fortune.",
    ),
    "coming of age": (
        "A boy grows up and learns hard lessons about the adult world.",
        "A teenage girl finds out who she is on the way to adulthood.",
        "An innocent child leaves home and becomes a grown person.",
    ),
    "orphans and lost children": (
        "A poor orphan is mistreated and looks for a home.",
        "A lost child without parents must find its way alone.",
        "An abandoned child is adopted by strangers.",
    ),
    "school life": (
        "Pupils and teachers at a boarding school clash and get along.",
        "Students face exams, bullies and rivalries in the classroom.",
        "A new teacher wins over an unruly class.",
    ),
    "revenge": (
        "A wronged man returns to take revenge on those who ruined him.",
        "She swears vengeance on the killers of her family.",
        "An obsessive pursuit of an old enemy to get even.",
    ),
    "justice and trial": (
        "A lawyer defends an innocent man before a court.",
        "A jury must decide on guilt in a murder trial.",
        "Someone is wrongly accused and fights to clear their name.",
    ),
    "crime": (
        "A gang of criminals robs, kills and runs from the police.",
        "An ordinary man commits a murder and sinks into the underworld.",
        "Thieves and gangsters rule the streets of the city.",
    ),
    "detective mystery": (
        "A detective follows clues to solve a puzzling murder.",
        "An investigator looks into a mysterious disappearance.",
        "Nobody knows who did it until the sleuth explains the case.",
    ),
    "heist": (
        "A crew of thieves plans to rob a bank vault.",
        "A daring robbery of jewels is prepared in every detail.",
        "A gentleman thief steals a treasure and outwits his pursuers.",
    ),
    "espionage": (
        "A spy works in secret behind enemy lines.",
        "A secret agent must stop a foreign conspiracy.",
        "Stolen military plans and double agents in a game of spies.",
    ),
    "deception and disguise": (
        "An impostor pretends to be someone else.",
        "A woman disguises herself as a man and fools everybody.",
        "Mistaken identities and lies lead to confusion.",
    ),
    "betrayal": (
        "A trusted friend turns traitor.",
        "He is betrayed by those closest to him.",
        "A conspiracy of supposed allies brings down their leader.",
    ),
    "power and ambition": (
        "An ambitious man murders and schemes to win the throne.",
        "The hunger for power corrupts a ruler.",
        "Rivals plot against each other for the crown.",
    ),
    "greed and wealth": (
        "Greed for money ruins everyone who hunts for it.",
        "A rich miser cares for nothing but his gold.",
        "A sudden fortune changes a poor man's life.",
    ),
    "poverty and class": (
        "The poor suffer hunger and injustice while the rich look away.",
        "Workers struggle to live in misery and strike against their masters.",
        "A servant crosses the divide between the classes.",
    ),
    "war": (
        "Soldiers fight and die on the battlefield.",
        "A war tears apart the lives of a whole people.",
        "A young recruit faces the horror of combat at the front.",
    ),
    "rebellion and revolution": (
        "The people rise against a tyrant.",
        "Outlaws and rebels resist an unjust government.",
        "A revolution overthrows the old order and devours its children.",
    ),
    "slavery and freedom": (
        "Slaves suffer under their masters and escape to freedom.",
        "A man is sold into slavery and longs to be free.",
        "A prisoner plans his escape from a dungeon.",
    ),
    "survival": (
        "Castaways struggle to stay alive on a desert island.",
        "Alone in the wilderness he has to find food and shelter.",
        "Shipwrecked sailors fight hunger, thirst and the cold.",
    ),
    "man against nature": (
        "An expedition battles storms, ice and mountains.",
        "A fisherman fights a giant creature of the sea.",
        "The crew of a ship hunts a whale across the ocean.",
    ),
    "animals": (
        "A dog tells of its life with kind and cruel masters.",
        "Animals of the forest talk and live like people.",
        "A bond grows between a child and a wild animal.",
    ),
    "nature and country life": (
        "Quiet life on a farm through the seasons.",
        "The beauty of gardens, rivers and fields heals people.",
        "Villagers and shepherds live close to the land.",
    ),
    "journey and adventure": (
        "A dangerous voyage to unknown lands full of adventures.",
        "Travellers race around the world against the clock.",
        "Explorers search for a hidden treasure with a map.",
    ),
    "pirates and the sea": (
        "Pirates sail the sea and bury their treasure.",
        "A sailor's life aboard a ship under a cruel captain.",
        "A mutiny breaks out on the ocean.",
    ),
    "heroism and quest": (
        "A brave knight sets out on a quest to slay a monster.",
        "A hero of legend performs great deeds and saves his people.",
        "Chosen warriors seek a sacred object.",
    ),
    "magic and fairy tale": (
        "A princess, a witch and a magic spell in an enchanted kingdom.",
        "Fairies, wishes and talking creatures in a wonderland.",
        "A curse turns a prince into a beast until love breaks it.",
    ),
    "ghosts and the supernatural": (
        "A haunted house is visited by the ghosts of the dead.",
        "Something uncanny from beyond the grave terrifies the living.",
        "Spirits appear at night and warn of doom.",
    ),
    "monsters and horror": (
        "A vampire drinks the blood of his victims.",
        "A hideous creature stalks and kills people in the dark.",
        "A bloody terror spreads through the town.",
    ),
    "science gone wrong": (
        "A scientist creates something that he cannot control.",
        "A dangerous experiment turns its inventor into a monster.",
        "Arrogant researchers play god and pay for it.",
    ),
    "space and the future": (
        "Astronauts travel to the moon and the planets by rocket.",
        "In a future world machines rule over mankind.",
        "A traveller through time sees what becomes of humanity.",
    ),
    "alien invasion and apocalypse": (
        "Aliens from another planet attack the earth.",
        "A plague or catastrophe wipes out almost all of mankind.",
        "The last survivors wander through a ruined world.",
    ),
    "madness and obsession": (
        "A man slowly loses his mind.",
        "A consuming obsession drives her to insanity.",
        "The narrator cannot tell delusion from reality.",
    ),
    "guilt and redemption": (
        "A sinner tormented by guilt confesses and seeks forgiveness.",
        "A hard-hearted man changes his ways and is redeemed.",
        "A convict makes a new and honest life.",
    ),
    "faith and religion": (
        "A priest doubts his faith in God.",
        "A saint is persecuted for what she believes.",
        "Pilgrims pray and search for salvation.",
    ),
    "death and grief": (
        "A family mourns someone who has died.",
        "A dying person looks back upon life.",
        "Widowed and grieving, she learns to live with her loss.",
    ),
    "loneliness and identity": (
        "A lonely outsider is rejected for looking different.",
        "Someone wakes up changed and wonders who he is.",
        "An alienated man withdraws from everybody.",
    ),
    "art and performance": (
        "A singer rises to fame on the stage of the opera.",
        "A painter or musician gives everything for art.",
        "Actors of a theatre troupe live for their show.",
    ),
    "comedy and satire": (
        "A ridiculous series of mishaps befalls some fools.",
        "A witty satire mocks the vanity and follies of mankind.",
        "Clumsy friends get into one funny mess after another.",
    ),
    "doubles and hidden selves": (
        "A respectable man hides an evil second self.",
        "Two people who look exactly alike trade places.",
        "A double life of virtue by day and vice by night.",
    ),
}
