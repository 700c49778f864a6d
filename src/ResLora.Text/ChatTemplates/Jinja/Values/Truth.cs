using System.Numerics;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>What counts as true.</summary>
internal static class Truth
{
    public static bool Of(object value) => value switch
    {
        bool flag => flag,
        NoneValue or Undefined => false,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        string text => text.Length > 0,
        Markup markup => markup.Text.Length > 0,
        SequenceValue sequence => sequence.Count > 0,
        DictValue dict => dict.Count > 0,
        DictView view => view.Count > 0,
        _ => true,
    };
}
