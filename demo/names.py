"""What people, teams and regions of the large organization are called."""


def listed(text: str) -> list[str]:
    """The names of a text, between commas."""
    return [" ".join(name.split()) for name in text.split(",")]


FIRST = listed("""
    Abena, Ada, Adèle, Agnieszka, Ahmed, Aïcha, Alba, Alice, Amadou, Amélie, Ana, Andrei, Anh, Anna, Antoine,
    Arif, Astrid, Aya, Baptiste, Beatriz, Bilal, Bruno, Camille, Carla, Charlotte, Chloé, Claire, Clément,
    Dalia, Daniel, Daria, Davit, Deniz, Diego, Driss, Eline, Elif, Emma, Emre, Erik, Esra, Eva, Fatoumata,
    Fatma, Femke, Florian, Gabriel, Gaëlle, Giulia, Hana, Hassan, Hélène, Hugo, Ibrahim, Idris, Inès, Irina,
    Ivan, Jana, João, Jorge, Julia, Jun, Kaito, Karim, Kasia, Keiko, Khadija, Kwame, Lara, Lea, Leïla, Leo,
    Linh, Louis, Lucas, Lucie, Luis, Maëlys, Maja, Malik, Manon, Marco, Maria, Marta, Mateusz, Mei, Mehdi, Mila,
    Mina, Mohamed, Moussa, Nadia, Naomi, Nikhil, Nina, Noah, Noor, Nora, Olga, Olivia, Omar, Oscar, Otto, Oumar,
    Paolo, Pauline, Pedro, Petr, Pia, Priya, Rajesh, Rania, Rosa, Ruben, Saïd, Salma, Samuel, Sana, Saoirse,
    Sara, Selin, Simon, Sofia, Solène, Sven, Tariq, Teodora, Théo, Tomás, Valentina, Vera, Victor, Willem,
    Yasmine, Yuki, Zainab, Zeynep, Zofia
""")
LAST = listed("""
    Abgrall, Adeyemi, Almeida, Andersson, Arnaud, Arslan, Aubert, Bakker, Barbier, Belkacem, Benali, Bernard,
    Blanc, Boateng, Bonnard, Bouzid, Brun, Byrne, Castel, Chevalier, Cissé, Claes, Costa, Dao, Delmas, Demir,
    Diallo, Diarra, Dubois, Dumont, Dupont, Duval, Esposito, Fabre, Farias, Faure, Ferrante, Fischer, Fontaine,
    Fournier, Garcia, Garnier, Gauthier, Gelashvili, Girard, Guillot, Haddad, Hansen, Henry, Herrera, Hofmann,
    Hubert, Ito, Iyer, Jansen, Jourdan, Kaya, Keita, Khan, Kowalczyk, Kumar, Lambert, Laurent, Leclair, Lefèvre,
    Leroy, Lindqvist, Lis, Lopez, Marchand, Marinova, Martin, Mbaye, Mendes, Mercier, Meunier, Moreau, Morel,
    Müller, Nakagawa, Ndiaye, Nguyen, Nielsen, Novak, Nowak, Okafor, Okoye, Olsen, Owusu, Özdemir, Papadakis,
    Pereira, Perrin, Petit, Petrova, Pham, Popescu, Qureshi, Rao, Renard, Ricci, Richard, Rivera, Robert, Roche,
    Romano, Rossi, Rousseau, Roux, Sand, Sato, Schmidt, Schneider, Silva, Simon, Sylla, Tanabe, Tanguy, Tavares,
    Touré, Vasseur, Vidal, Villalba, Vincent, Weber, Weiss, Wrona, Yildirim, Zając, Zimmermann
""")
REGIONS = listed("""
    North, Normandy, Brittany, Loire, Centre, Paris East, Paris West, Champagne, Alsace, Burgundy, Lyon and
    Alps, Auvergne, Aquitaine, Languedoc, Provence, Riviera, Flanders, Wallonia, Luxembourg, Geneva, Basel,
    Zurich, Ticino, Piedmont, Lombardy, Veneto, Tuscany, Lazio, Campania, Catalonia, Aragon, Madrid, Andalusia,
    Galicia, Porto, Lisbon, Rhine, Hesse, Swabia, Bavaria, Saxony, Hamburg
""")
CITIES = listed("""
    Lyon, Marseille, Lille, Nantes, Rennes, Brest, Rouen, Caen, Le Mans, Angers, Tours, Orléans, Reims, Troyes,
    Metz, Nancy, Dijon, Besançon, Grenoble, Annecy, Valence, Nîmes, Toulon, Nice, Cannes, Pau, Bayonne,
    Bordeaux, Limoges, Poitiers, Toulouse, Albi, Perpignan, Béziers, Avignon, Arles, Amiens, Calais, Dunkirk,
    Ghent, Bruges, Antwerp, Liège, Namur, Mons, Geneva, Lausanne, Basel, Bern, Zurich, Turin, Milan, Verona,
    Venice, Padua, Bologna, Florence, Pisa, Rome, Naples, Bari, Barcelona, Girona, Zaragoza, Madrid, Toledo,
    Seville, Málaga, Granada, Vigo, Porto, Braga, Coimbra, Lisbon, Faro, Cologne, Bonn, Frankfurt, Mainz,
    Stuttgart, Ulm, Munich, Augsburg, Leipzig, Dresden, Hamburg, Kiel
""")
PLACES = listed("""
    Station, Old Town, Market Hall, Harbor, University, Cathedral, Riverside, Town Hall, North Gate, South Gate,
    Park, Airport, Opera, Bridge, Hill, Square, Canal, Garden, Mill, Museum
""")
