using System.Numerics;
using Parquet.Data;
using Parquet.Schema;

namespace ResLora.Text.Data.Readers;

/// <summary>The values of a column of a row group, as text or as bytes, one after the other.</summary>
/// <param name="name">The column's name, or that of the structure that it is a part of.</param>
/// <param name="column">The column.</param>
/// <param name="data">Its values; disposed with this.</param>
/// <param name="isBinary">Whether its values are wanted as bytes.</param>
internal sealed class ParquetColumn(string name, DataField column, RawColumnData data, bool isBinary) : IDisposable
{
    private int _row;
    private int _value;

    /// <summary>The column's name.</summary>
    public string Name => name;

    /// <summary>Whether its values are wanted as bytes.</summary>
    public bool IsBinary => isBinary;

    /// <summary>The next row's value.</summary>
    /// <returns>The text; null where the row has none.</returns>
    /// <exception cref="InvalidDataException">The value has no text.</exception>
    public string? Next() => HasValue() ? ParquetText.Of(Value(_value++), column.SchemaElement) : null;

    /// <summary>The next row's value.</summary>
    /// <returns>Its bytes; null where the row has none.</returns>
    public ReadOnlyMemory<byte>? NextBytes()
    {
        if (HasValue())
        {
            return (byte[])Value(_value++);
        }

        return null;   // in one expression with the bytes it would become memory of length 0
    }

    /// <inheritdoc/>
    public void Dispose() => data.Dispose();

    private bool HasValue()
    {
        var row = _row++;
        return column.MaxDefinitionLevel == 0 || data.DefinitionLevels[row] >= column.MaxDefinitionLevel;
    }

    private object Value(int at) => data switch
    {
        RawColumnData<ReadOnlyMemory<char>> texts => texts.Values[at].ToString(),
        RawColumnData<ReadOnlyMemory<byte>> bytes => bytes.Values[at].ToArray(),
        RawColumnData<bool> values => values.Values[at],
        RawColumnData<sbyte> values => values.Values[at],
        RawColumnData<byte> values => values.Values[at],
        RawColumnData<short> values => values.Values[at],
        RawColumnData<ushort> values => values.Values[at],
        RawColumnData<int> values => values.Values[at],
        RawColumnData<uint> values => values.Values[at],
        RawColumnData<long> values => values.Values[at],
        RawColumnData<ulong> values => values.Values[at],
        RawColumnData<float> values => values.Values[at],
        RawColumnData<double> values => values.Values[at],
        RawColumnData<decimal> values => values.Values[at],
        RawColumnData<BigInteger> values => values.Values[at],
        RawColumnData<DateTime> values => values.Values[at],
        RawColumnData<TimeSpan> values => values.Values[at],
        RawColumnData<Guid> values => values.Values[at],
        _ => throw new InvalidDataException($"values of type {column.ClrType.Name} are not read; write them as text"),
    };
}
