using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace ResLora.Models.Fused;

/// <summary>
/// Moves head vectors between the order of the projections, token by token ([N, H, E]), and the order that attention multiplies in, text by
/// text and in each text head by head ([H, R, E]), turning them by their positions on the way. A text has R rows there, T filled up to a
/// usual size (<see cref="ProductSize"/>), so that texts of many lengths need few products. Rows behind the text are 0: as queries they
/// have no gradient, and no query of the text sees them as keys, since they stand behind it.
/// Queries of the G heads that share a key head stand block by block: R is cut into blocks of C rows, each with all G heads, [K, R/C, G, C,
/// E]. So the queries of a block are one matrix, which needs only the keys up to the block's end.
/// </summary>
/// <param name="headSize">E, in both orders a multiple of the lanes of a vector.</param>
/// <param name="lengths">T of each text; together N.</param>
/// <param name="angles">Cosines and sines, [rows, E] float32 each; token n has those of row n modulo rows. Borrowed.</param>
internal sealed unsafe class HeadLayout(int headSize, IReadOnlyList<int> lengths, (Tensor Cos, Tensor Sin) angles)
{
    /// <summary>How vectors are turned.</summary>
    public enum Turn
    {
        /// <summary>Not at all.</summary>
        None,

        /// <summary>By the angle of the position.</summary>
        Forward,

        /// <summary>Back by it, which is the gradient of turning forward.</summary>
        Backward,
    }

    /// <summary>One text.</summary>
    /// <param name="Start">How many tokens stand before it.</param>
    /// <param name="Length">T, its tokens.</param>
    /// <param name="RowStart">How many rows stand before it, head by head.</param>
    /// <param name="Rows">R, its rows.</param>
    public readonly record struct Text(int Start, int Length, int RowStart, int Rows)
    {
        // Products of smaller blocks lose more time than they save (docs/experiments.md).
        private const int SmallestBlock = 512, MostBlocks = 4;

        /// <summary>C, the rows of a block but for the last one. A power of two, so that texts of many lengths share products.</summary>
        public int Block { get; } = Math.Max(SmallestBlock, (int)BitOperations.RoundUpToPowerOf2((uint)Rows) / MostBlocks);

        /// <summary>The blocks: the first row of each, and the row behind its last one.</summary>
        public IEnumerable<(int First, int End)> Blocks
        {
            get
            {
                for (var first = 0; first < Rows; first += Block)
                {
                    yield return (first, Math.Min(first + Block, Rows));
                }
            }
        }

        /// <summary>Where a row of a head stands, in rows from the text's start.</summary>
        /// <param name="head">The head.</param>
        /// <param name="row">The row, below R.</param>
        /// <param name="queriesPerKey">G; of keys 1.</param>
        /// <returns>The place, below H·R.</returns>
        public long PlaceOf(int head, int row, int queriesPerKey)
        {
            var first = row & -Block;
            var (key, query) = Math.DivRem(head, queriesPerKey);
            return ((((long)key * Rows) + first) * queriesPerKey) + ((long)query * Math.Min(Block, Rows - first)) + row - first;
        }
    }

    /// <summary>Where the texts are.</summary>
    public IReadOnlyList<Text> Texts { get; } = [.. Place(lengths)];

    private int RowCount => Texts.Count == 0 ? 0 : Texts[^1].RowStart + Texts[^1].Rows;

    /// <summary>From token by token to head by head.</summary>
    /// <param name="tokens">[N, H·E] bfloat16, contiguous; borrowed.</param>
    /// <param name="turn">How vectors are turned.</param>
    /// <param name="scale">A factor for all numbers.</param>
    /// <param name="queriesPerKey">G, how many of these heads share a key head; of keys 1.</param>
    /// <returns>New tensor [ΣR, H·E]; the numbers of a text are in the order [K, R/C, G, C, E], which is [H, R, E] for G = 1.</returns>
    public Tensor ToHeads(Tensor tokens, Turn turn, float scale = 1, int queriesPerKey = 1) =>
        Move(tokens, toHeads: true, turn, scale, queriesPerKey);

    /// <summary>From head by head to token by token.</summary>
    /// <param name="byHead">As <see cref="ToHeads"/> gives it; borrowed.</param>
    /// <param name="turn">As for the other way.</param>
    /// <param name="scale">As for the other way.</param>
    /// <param name="queriesPerKey">As for the other way.</param>
    /// <returns>New tensor [N, H·E].</returns>
    public Tensor ToTokens(Tensor byHead, Turn turn, float scale = 1, int queriesPerKey = 1) =>
        Move(byHead, toHeads: false, turn, scale, queriesPerKey);

    private static IEnumerable<Text> Place(IReadOnlyList<int> lengths)
    {
        var (start, rowStart) = (0, 0);
        foreach (var length in lengths)
        {
            var text = new Text(start, length, rowStart, ProductSize.RoundUp(length));
            yield return text;
            start += length;
            rowStart += text.Rows;
        }
    }

    private Tensor Move(Tensor source, bool toHeads, Turn turn, float scale, int queriesPerKey)
    {
        var width = source.shape[1];
        var heads = (int)(width / headSize);
        var angleRows = angles.Cos.shape[0];
        var target = empty([toHeads ? RowCount : lengths.Sum(), width], source.dtype, source.device);
        foreach (var text in Texts)
        {
            Rows.ForEach(toHeads ? text.Rows : text.Length, (from, to) =>
            {
                ushort* read = Lanes.Halves(source), write = Lanes.Halves(target);
                float* cos = Lanes.Floats(angles.Cos), sin = Lanes.Floats(angles.Sin);
                for (var t = from; t < to; t++)
                {
                    var token = (text.Start + t) * width;
                    var angle = (text.Start + t) % angleRows * headSize;
                    for (var head = 0; head < heads; head++)
                    {
                        var byToken = token + (head * headSize);
                        var byHead = (text.RowStart * width) + (text.PlaceOf(head, t, queriesPerKey) * headSize);
                        if (t >= text.Length)
                        {
                            new Span<ushort>(write + byHead, headSize).Clear();
                        }
                        else if (toHeads)
                        {
                            Vector(read + byToken, write + byHead, turn, cos + angle, sin + angle, scale);
                        }
                        else
                        {
                            Vector(read + byHead, write + byToken, turn, cos + angle, sin + angle, scale);
                        }
                    }
                }
            });
        }

        return target;
    }

    /// <summary>One head vector. Pair i is (x_i, x_{i+E/2}).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Vector(ushort* source, ushort* target, Turn turn, float* cos, float* sin, float scale)
    {
        if (turn == Turn.None)
        {
            for (var i = 0; i < headSize; i += Lanes.Count)
            {
                Lanes.Store(Lanes.Load(source + i) * scale, target + i);
            }

            return;
        }

        var (half, direction) = (headSize / 2, turn == Turn.Forward ? scale : -scale);
        for (var i = 0; i < half; i += Lanes.Count)
        {
            var (x, y) = (Lanes.Load(source + i), Lanes.Load(source + half + i));
            var (c, s) = (Vector512.Load(cos + i) * scale, Vector512.Load(sin + i) * direction);
            Lanes.Store((x * c) - (y * s), target + i);
            Lanes.Store((y * c) + (x * s), target + half + i);
        }
    }
}
