using System.Numerics;
using ResLora.Text.ChatTemplates.Jinja.Values;

namespace ResLora.Text.ChatTemplates.Jinja.Functions;

/// <summary>What filters read of each value by <c>attribute=</c>: names and places with points between.</summary>
internal static class AttributePath
{
    /// <summary>Makes the reader.</summary>
    /// <param name="attribute">A path, a place, or None for the value itself.</param>
    /// <param name="fallback">What stands for what is not there; null for an undefined value.</param>
    public static Func<object, object> Reader(object attribute, object? fallback = null)
    {
        object[] steps = attribute switch
        {
            NoneValue => [],
            string path => [.. path.Split('.').Select(Step)],
            _ => [attribute],
        };
        return value =>
        {
            foreach (var step in steps)
            {
                value = Members.Item(value, step);
                if (value is Undefined && fallback is not null)
                {
                    value = fallback;
                }
            }

            return value;
        };
    }

    /// <summary>Makes the reader of several paths with commas between.</summary>
    public static Func<object, object> Several(object attribute)
    {
        if (attribute is not string paths || !paths.Contains(',', StringComparison.Ordinal))
        {
            return Reader(attribute);
        }

        var readers = paths.Split(',').Select(path => Reader(path)).ToArray();
        return value => new ListValue([.. readers.Select(reader => reader(value))]);
    }

    /// <summary>The value in small letters, if it is a text.</summary>
    public static object WithoutCase(object value) => value is string or Markup ? Letters.Lower(PythonText.Plain(value)) : value;

    private static object Step(string step) => step.Length is > 0 and < 10 && step.All(char.IsAsciiDigit)
        ? BigInteger.Parse(step, System.Globalization.CultureInfo.InvariantCulture) : step;
}
