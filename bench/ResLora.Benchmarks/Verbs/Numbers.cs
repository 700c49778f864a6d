using System.CommandLine;
using System.Globalization;
using ResLora.Formats.Errors;

namespace ResLora.Benchmarks.Verbs;

/// <summary>Options that are numbers.</summary>
internal static class Numbers
{
    /// <summary>A whole number, 1 or more unless something else is said.</summary>
    public static Option<int> Count(string name, string description, int value, int smallest = 1)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() < smallest)
            {
                result.AddError($"{name} must be {smallest} or more.");
            }
        });
        return option;
    }

    /// <summary>Whole numbers with commas between them.</summary>
    public static Option<string> Counts(string name, string description, string value) =>
        new(name) { Description = description, HelpName = "N,N", DefaultValueFactory = _ => value };

    /// <summary>The numbers of <see cref="Counts"/>.</summary>
    /// <exception cref="ConfigException">They are none.</exception>
    public static IReadOnlyList<int> Read(ParseResult line, Option<string> option, int smallest = 1)
    {
        var text = line.GetRequiredValue(option);
        var numbers = text.Split(',').Select(
            part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToArray();
        return numbers.All(number => number >= smallest)
            ? numbers
            : throw new ConfigException(
                $"{option.Name} is '{text}'; it must be whole numbers, {smallest} or more, with commas between them.");
    }
}
