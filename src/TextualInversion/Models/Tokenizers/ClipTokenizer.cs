using System.Collections.Frozen;
using System.Text;
using Microsoft.ML.Tokenizers;

namespace TextualInversion.Models.Tokenizers;

/// <summary>
/// CLIP's tokenizer: lower-cased byte-level BPE whose words end in <c>&lt;/w&gt;</c>. Its ids are those of
/// transformers' <c>CLIPTokenizer</c>
/// (https://github.com/huggingface/transformers/blob/main/src/transformers/models/clip/tokenization_clip.py).
/// </summary>
internal sealed class ClipTokenizer
{
    private const string EndOfWord = "</w>";

    private static readonly FrozenDictionary<char, byte> ByteOfCharacter = ByteLevelAlphabet();

    private readonly string folder;
    private readonly BpeTokenizer bpe;
    private readonly string[] tokens;
    private readonly HashSet<string> endings;
    private readonly AddedTokens verbatimTokens;
    private readonly AddedTokens normalizedTokens;

    private ClipTokenizer(ClipTokenizerFiles files)
    {
        var (vocabulary, merges, added) = files.Tables;
        folder = files.Folder;
        MaxLength = files.MaxLength;
        BeginningOfText = vocabulary[files.BeginningOfText.Text];
        EndOfText = vocabulary[files.EndOfText.Text];
        Padding = vocabulary[files.Padding.Text];
        tokens = [.. vocabulary.OrderBy(entry => entry.Value).Select(entry => entry.Key)];
        endings = [.. merges.Select(merge => merge.Split(' ')[1])];
        bpe = BpeTokenizer.Create(
            new BpeOptions(vocabulary)
            {
                Merges = merges,
                PreTokenizer = new ClipPreTokenizer(),
                UnknownToken = files.Unknown.Text,
                EndOfWordSuffix = EndOfWord,
                ByteLevel = true,
            }
        );

        // A token may have several roles. As in transformers, the last role decides how it is matched.
        SpecialToken[] roles = [.. added, files.BeginningOfText, files.EndOfText, files.Unknown, files.Padding];
        var special = roles
            .GroupBy(token => token.Text, (_, same) => same.Last())
            .ToLookup(token => token.Normalized, token => token.Text);
        verbatimTokens = new AddedTokens(special[false].Select(token => IdsOf(token, token)));
        normalizedTokens = new AddedTokens(
            special[true].Select(token => IdsOf(ClipPreTokenizer.Normalize(token), token))
        );

        KeyValuePair<string, int[]> IdsOf(string text, string token) => new(text, [vocabulary[token]]);
    }

    /// <summary>The tokens as the vocabulary writes them, by their ids.</summary>
    internal IReadOnlyList<string> Tokens => tokens;

    /// <summary>The number of tokens. Ids of placeholders begin here.</summary>
    public int VocabularySize => tokens.Length;

    /// <summary>The length of a tokenized prompt, with beginning and end: usually 77.</summary>
    public int MaxLength { get; }

    public int BeginningOfText { get; }

    public int EndOfText { get; }

    /// <summary>The padding of prompts: in most models the end of text, in SDXL's second tokenizer <c>!</c>.</summary>
    public int Padding { get; }

    /// <summary>
    /// Reads a diffusers <c>tokenizer</c> folder: vocab.json and merges.txt, or tokenizer.json, and the configs of the
    /// special tokens if there are any.
    /// </summary>
    /// <exception cref="TextualInversionException">A file is missing or malformed.</exception>
    public static ClipTokenizer Load(string folder) => new(ClipTokenizerFiles.Read(folder));

    /// <summary>Refuses a tokenizer that belongs to another text encoder.</summary>
    /// <param name="vocabularySize">The number of token embeddings of the encoder.</param>
    /// <param name="positions">The most tokens that the encoder takes.</param>
    /// <exception cref="TextualInversionException">The encoder has fewer embeddings or positions.</exception>
    public void RequireFit(int vocabularySize, int positions)
    {
        if (VocabularySize > vocabularySize)
            throw new TextualInversionException(
                $"{folder}: has {VocabularySize} tokens, but the text encoder has {vocabularySize} embeddings; "
                    + "they do not belong together."
            );
        if (MaxLength > positions)
            throw new TextualInversionException(
                $"{Path.Combine(folder, ClipTokenizerFiles.ConfigFile)}: model_max_length is {MaxLength}; "
                    + $"it must be at most {positions}, the max_position_embeddings of the text encoder."
            );
    }

    /// <summary>The ids of a text of any length, without beginning and end of text.</summary>
    public IReadOnlyList<int> Encode(string text) => Encode(text, []);

    /// <summary>The text of the ids, words separated by a space; ids outside the vocabulary are left out.</summary>
    public string Decode(IEnumerable<int> ids)
    {
        var known = ids.Where(id => id >= 0 && id < VocabularySize).Select(id => tokens[id]);
        return Readable(string.Concat(known)).Replace(EndOfWord, " ", StringComparison.Ordinal).Trim();
    }

    /// <summary>One token as readable text, followed by <c>&lt;/w&gt;</c> if it ends a word.</summary>
    /// <exception cref="IndexOutOfRangeException">No such id.</exception>
    public string TokenText(int id) => Readable(tokens[id]);

    /// <summary>
    /// Whether the text is a token that is matched before BPE, such as the learned one of a model that was saved with
    /// it.
    /// </summary>
    public bool IsAddedToken(string text) =>
        verbatimTokens.Contains(text) || normalizedTokens.Contains(ClipPreTokenizer.Normalize(text));

    /// <summary>Whether the vocabulary holds the text as one token.</summary>
    public bool IsSingleToken(string text) => Encode(text).Count == 1;

    /// <summary>
    /// The vocabulary's words of at least three letters with the smallest edit distance to <paramref name="word"/>,
    /// nearest first. At the same distance, tokens that also end other words come last: they may not be words (ood in
    /// wood).
    /// </summary>
    public IReadOnlyList<string> NearestWords(string word, int count)
    {
        var normalized = ClipPreTokenizer.Normalize(word);
        return
        [
            .. tokens
                .Where(token => token.EndsWith(EndOfWord, StringComparison.Ordinal))
                .Select(token => (Word: Readable(token)[..^EndOfWord.Length], IsEnding: endings.Contains(token)))
                .Where(candidate => candidate.Word.Length > 2 && candidate.Word.All(char.IsLetter))
                .OrderBy(candidate => EditDistance.Between(normalized, candidate.Word))
                .ThenBy(candidate => candidate.IsEnding)
                .Select(candidate => candidate.Word)
                .Take(count),
        ];
    }

    /// <summary>The ids that are whole words of at least three letters, with the words.</summary>
    public IReadOnlyList<(int Id, string Word)> Words() =>
        [
            .. Enumerable
                .Range(0, tokens.Length)
                .Where(EndsWord)
                .Select(id => (Id: id, Word: Readable(tokens[id])[..^EndOfWord.Length]))
                .Where(token =>
                    token.Word.Length > 2
                    && token.Word.All(char.IsLetter)
                    && Encode(token.Word) is [var id]
                    && id == token.Id
                ),
        ];

    /// <summary>
    /// As <see cref="Encode(string)"/>, where each of the normalized texts in <paramref name="placeholders"/> stands
    /// for its ids.
    /// </summary>
    internal List<int> Encode(string text, IEnumerable<KeyValuePair<string, int[]>> placeholders)
    {
        var addedTokens = normalizedTokens.With(placeholders);
        var ids = new List<int>();
        foreach (var (verbatim, verbatimIds) in verbatimTokens.Split(text))
        {
            if (verbatimIds is not null)
            {
                ids.AddRange(verbatimIds);
                continue;
            }

            foreach (var (piece, addedIds) in addedTokens.Split(ClipPreTokenizer.Normalize(verbatim)))
                ids.AddRange(addedIds ?? bpe.EncodeToIds(piece));
        }

        return ids;
    }

    /// <summary>Whether the token is one byte of a text, with or without the end of a word.</summary>
    internal bool IsSingleByte(int id) =>
        (EndsWord(id) ? tokens[id].Length - EndOfWord.Length : tokens[id].Length) == 1;

    internal bool EndsWord(int id) => tokens[id].EndsWith(EndOfWord, StringComparison.Ordinal);

    private static string Readable(string token) =>
        Encoding.UTF8.GetString([
            .. token.Select(character => ByteOfCharacter.GetValueOrDefault(character, (byte)'?')),
        ]);

    /// <summary>
    /// The printable characters that stand for the 256 bytes, from GPT-2
    /// (https://github.com/openai/gpt-2/blob/master/src/encoder.py): the printable ones of Latin-1 for themselves, the
    /// others from U+0100 on.
    /// </summary>
    private static FrozenDictionary<char, byte> ByteLevelAlphabet()
    {
        var next = 'Ā';
        return Enumerable
            .Range(0, 256)
            .ToFrozenDictionary(
                value =>
                    value is (>= '!' and <= '~') or (>= '¡' and <= '¬') or (>= '®' and <= 'ÿ') ? (char)value : next++,
                value => (byte)value
            );
    }
}
