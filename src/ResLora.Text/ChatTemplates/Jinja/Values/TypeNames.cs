using System.Globalization;
using System.Numerics;

namespace ResLora.Text.ChatTemplates.Jinja.Values;

/// <summary>What messages call the types of values: Python's names.</summary>
internal static class TypeNames
{
    /// <summary>The type's name, such as <c>str</c>.</summary>
    public static string Of(object value) => value switch
    {
        NoneValue => "NoneType",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        Markup => "Markup",
        ListValue => "list",
        TupleValue => "tuple",
        RangeValue => "range",
        DictValue => "dict",
        DictView view => "dict_" + view.Kind,
        OneShot => "generator",
        SliceValue => "slice",
        Undefined => "Undefined",
        NamespaceValue => "Namespace",
        CallableValue => "function",
        _ => value.GetType().Name,
    };

    /// <summary>The type's name as messages about members have it, such as <c>str object</c>.</summary>
    public static string Long(object value) => value is NoneValue ? "None" : Of(value) + " object";

    /// <summary>A key in a message.</summary>
    public static string Short(object key) =>
        key is BigInteger or bool or double ? Convert.ToString(key, CultureInfo.InvariantCulture)! : $"of type {Of(key)}";
}
