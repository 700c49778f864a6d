using static TorchSharp.torch;

namespace ResLora.Tensors.Pickles;

/// <summary>A dictionary of a pickle; of its entries those are kept whose keys are texts.</summary>
internal sealed class PickleDictionary
{
    private Dictionary<string, object?>? _items;   // most dictionaries of a checkpoint are empty

    /// <summary>The entries; of two with one key the later one.</summary>
    public Dictionary<string, object?> Items => _items ??= new(StringComparer.Ordinal);

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => _items is null or { Count: 0 };
}

/// <summary>The values between brackets. Not changed once it is made, so that no chain of them leads back to itself.</summary>
/// <param name="Items">The values.</param>
internal sealed record PickleTuple(object?[] Items)
{
    /// <summary>No values.</summary>
    public static PickleTuple Empty { get; } = new([]);
}

/// <summary>A list, whose values nobody needs: no tensor of a checkpoint is in one.</summary>
internal sealed class PickleList;

/// <summary>The name of a class or function. Only a name: nothing is looked up.</summary>
/// <param name="Module">The module.</param>
/// <param name="Name">The name in it.</param>
internal sealed record PickleGlobal(string Module, string Name)
{
    /// <summary>As Python writes it.</summary>
    public string Full => $"{Module}.{Name}";
}

/// <summary>What stands for a value that only running code could make. The code is not run.</summary>
/// <param name="Cause">The class or function.</param>
internal sealed record PicklePlaceholder(string Cause);

/// <summary>Numbers in the archive.</summary>
/// <param name="Type">Their type.</param>
/// <param name="Offset">Where they begin in the file, in bytes.</param>
/// <param name="Count">How many there are.</param>
internal sealed record PickleStorage(PickleType Type, long Offset, long Count);

/// <summary>A tensor: a view of numbers in the archive. It lies within them.</summary>
/// <param name="Storage">The numbers.</param>
/// <param name="Start">Where the view begins, in numbers.</param>
/// <param name="Shape">The sizes.</param>
/// <param name="Strides">How many numbers further the next one is, by dimension.</param>
internal sealed record PickleTensor(PickleStorage Storage, long Start, long[] Shape, long[] Strides);

/// <summary>The type of the numbers in a storage of torch.</summary>
/// <param name="Name">Its class in the module torch.</param>
/// <param name="DataType">Its name in libtorch.</param>
/// <param name="Width">Bytes per number.</param>
internal sealed record PickleType(string Name, ScalarType DataType, int Width)
{
    private static readonly PickleType[] _all =
    [
        new("FloatStorage", ScalarType.Float32, 4), new("HalfStorage", ScalarType.Float16, 2), new(
            "BFloat16Storage", ScalarType.BFloat16, 2),
        new("DoubleStorage", ScalarType.Float64, 8), new("LongStorage", ScalarType.Int64, 8), new("IntStorage", ScalarType.Int32, 4),
        new("ShortStorage", ScalarType.Int16, 2), new("CharStorage", ScalarType.Int8, 1), new("ByteStorage", ScalarType.Byte, 1),
        new("BoolStorage", ScalarType.Bool, 1),
    ];

    /// <summary>The type of a class, or null.</summary>
    /// <param name="name">The class.</param>
    public static PickleType? Find(PickleGlobal name) => name.Module == "torch" ? Array.Find(_all, type => type.Name == name.Name) : null;
}
